/// The version, in this one place: CMake and pyproject.toml read these three lines.
#pragma once

#define VISLABEL_VERSION_MAJOR 0
#define VISLABEL_VERSION_MINOR 1
#define VISLABEL_VERSION_PATCH 0
