"""The workflows' steps as commands, which also run on a laptop (`./just pipeline`).

programs.py   Terraform and Nomad from their vendor, verified
audit.py      known vulnerabilities, licences, workflows, scripts
images.py     the service image: push by commit, wait for the scan, bill of materials
machines.py   machine images: validate, build, name the newest
terraform.py  plan (as a comment) and apply
reach.py      Nomad of an environment: a port through Session Manager, and a token for GitHub's identity
"""
