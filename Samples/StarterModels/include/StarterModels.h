#pragma once

// The names of the starter models, separated by spaces.
extern const char *const apus_starter_models;
