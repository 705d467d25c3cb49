"""The load generator: Locust users, paced by the clock. A process of its own: Locust patches the standard library."""
