"""The load generator: Locust users, paced by the clock, in a separate process: Locust patches the standard library."""
