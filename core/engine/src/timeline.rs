//! To be written (engine).
