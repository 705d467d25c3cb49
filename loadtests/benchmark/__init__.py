"""The benchmarks behind `loadtests.bench`; docs/benchmarks.md says what they measure and how."""
