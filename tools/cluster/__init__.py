"""The local cluster: Consul, Nomad and HAProxy as they run in AWS, on loopback; `python -m tools.cluster --help`.

Postgres and Valkey stand in for RDS and ElastiCache, moto for Secrets Manager, S3, SES and IAM. `Cluster` is the
same for tests: they start, stop, pause and kill its parts.

    place.py      folders and ports
    processes.py  child processes: recorded, found again, ended
    stores.py     Postgres, Valkey, moto
    agents.py     Consul's and Nomad's agents and their access control
    secrets.py    secrets, generated once and stored in moto as Terraform stores them in AWS
    images.py     a version: a folder with its own virtual environment
    jobs.py       registers jobs with Nomad and waits until they are healthy
    cluster.py    starts and stops everything in order
"""
