// This target exists for its resources, the starter models: SwiftPM puts them beside the executable.
const char *const apus_starter_models = "marian-en-fr vit-grocery whisper-an4";
