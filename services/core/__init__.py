"""The kit every service is built from; it knows no service.

Start at `service.Service` (what a service is), then `app.create_app` (how services become one
application) and `kit.Kit` (what a running service is given).
"""
