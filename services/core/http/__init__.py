"""HTTP: the application, its edge, requests, limits, errors, the API's description."""
