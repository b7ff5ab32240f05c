"""Record what a Petstore, or any other API, answers, and replay it anywhere."""
