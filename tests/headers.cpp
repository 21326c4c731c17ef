// Where the tests' precompiled header is made.
