"""The local cluster: Consul, Nomad and HAProxy as they run in AWS, on loopback; `python -m tools.cluster --help`.

Postgres and Valkey stand in for RDS and ElastiCache, moto for Secrets Manager, S3, SES and IAM. `Cluster` is the
same for tests: they start, stop, pause and kill its parts.

    place.py      folders and ports
    processes.py  children: recorded, found again, ended
    stores.py     Postgres, Valkey, moto
    agents.py     Consul's and Nomad's agents and their access control
    secrets.py    what is made up once and stored at moto, as Terraform does it in AWS
    images.py     a version: a folder with its own virtual environment
    jobs.py       jobs to Nomad, and waiting until they are healthy
    cluster.py    all of it in order
"""
