/// Everything of the library except `core/xtensor.hpp`, which is slow to compile and yours to ask for.
#pragma once

#include <vislabel/core/box.hpp>
#include <vislabel/core/cpu.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/size.hpp>
#include <vislabel/iou/box_iou.hpp>
#include <vislabel/iou/mask_iou.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/iou/track_iou.hpp>
#include <vislabel/mask/boolean.hpp>
#include <vislabel/mask/convert.hpp>
#include <vislabel/mask/masks.hpp>
#include <vislabel/mask/measure.hpp>
#include <vislabel/mask/packed.hpp>
#include <vislabel/mask/rle.hpp>
#include <vislabel/mask/rle_boolean.hpp>
#include <vislabel/mask/rle_string.hpp>
#include <vislabel/select/pseudo_labels.hpp>
#include <vislabel/select/quality.hpp>
#include <vislabel/select/retention.hpp>
#include <vislabel/select/rounds.hpp>
#include <vislabel/select/spatiotemporal_nms.hpp>
#include <vislabel/track/tracks.hpp>
#include <vislabel/version.hpp>
