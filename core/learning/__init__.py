"""Learning: series, features, samples, models, accuracy."""
