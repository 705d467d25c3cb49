# What is decided for the local cluster (`./just cluster`). What is known only once it stands, such as ports, is in the
# values file that `up` writes. Every job is given both.

driver      = "raw_exec"
datacenters = ["local"]
node_class  = "app"

# Each client has a Consul agent beside it, on ports of its own since they share a machine.
consul_url = "$${meta.consul_http}"

# moto knows one account.
aws_role = "arn:aws:iam::123456789012:role/votewave-local-%s"

# Measured: an instance holds 105 to 120 MB (Auth 140, more while it hashes passwords), and one of votebooth takes a tenth
# of a core for 100 ballots a second. Two of Auth, as in AWS: with one, a machine that is drained leaves new instances of
# others without keys until the next one serves.
sizes = {
  auth          = { count = 2, cpu = 200, memory = 256 }
  profiles      = { count = 1, cpu = 100, memory = 192 }
  polls         = { count = 1, cpu = 200, memory = 192 }
  votebooth     = { count = 2, cpu = 400, memory = 256 }
  follows       = { count = 1, cpu = 100, memory = 192 }
  expressions   = { count = 1, cpu = 100, memory = 192 }
  comments      = { count = 1, cpu = 100, memory = 192 }
  feed          = { count = 1, cpu = 100, memory = 192 }
  notifications = { count = 1, cpu = 100, memory = 192 }
  messaging     = { count = 1, cpu = 100, memory = 192 }
  web           = { count = 1, cpu = 100, memory = 192 }
}

# A fifth of what a version is tried with before it is promoted (loadtests/gates.toml): a rush finds room. Down as late as
# lets one see that it is late, and no later: nobody's rush comes back here.
scaling = {
  votebooth = { min = 2, max = 4, each = 60, hold = 30, cooldown = 10 }
}

# What `sizes` doesn't have.
count  = 1
cpu    = 100
memory = 192

environment = {
  VOTEWAVE_ENVIRONMENT     = "local"
  VOTEWAVE_SECRETS         = "aws://votewave/local"
  VOTEWAVE_STORAGE         = "s3://votewave-local-files-123456789012"
  VOTEWAVE_MAIL            = "ses"
  VOTEWAVE_MAIL_FROM       = "VoteWave <no-reply@votewave.local>"
  VOTEWAVE_TRUSTED_PROXIES = "1"
  VOTEWAVE_DATABASE_POOL   = "4"
  AWS_REGION               = "eu-central-1"
  AWS_DEFAULT_REGION       = "eu-central-1"
  # There is no metadata service to ask.
  AWS_EC2_METADATA_DISABLED = "true"
}

# Everybody is at one address here, tests and load included.
settings = {
  auth = {
    VOTEWAVE_AUTH_GATEWAY_KEYS          = "votewave/gateway/keys"
    VOTEWAVE_AUTH_GUESTS_PER_ADDRESS    = "1000000"
    VOTEWAVE_AUTH_ACCOUNTS_PER_ADDRESS  = "1000000"
    VOTEWAVE_AUTH_SESSIONS_PER_ADDRESS  = "1000000"
    VOTEWAVE_AUTH_REFRESHES_PER_ADDRESS = "1000000"
  }
}

# The load tests ask a gateway that Consul knows; their report is in the job's output. With what Python, and where the
# clone is (load_python, load_source), is in the values that `up` writes.
load_url   = ""
load_store = ""

gateway_dns             = "$${meta.consul_dns}"
gateway_http_port       = 0 # several share the machine; tools/cluster/alb.py stands in front of them
gateway_metrics_port    = 0
gateway_trusted_proxies = 1
gateway_limits          = { address = 100000 }
gateway_drain           = 6
# What a developer's limit of file descriptors allows: two for each, and some.
gateway_maxconn = 4000

# The socket's path would be longer than a socket's may be.
nomad_url = "http://$${attr.unique.advertise.address}"

autoscaler_image = "" # a program here, no image
