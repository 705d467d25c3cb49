"""What a machine does when it starts: fetch its secrets, write Consul's and Nomad's settings, set up access control.

Installed in the machine images as /opt/votewave/bin/first-boot. Debian's Python and boto3 are all it needs.
"""
