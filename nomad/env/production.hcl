# What is decided for production. What is known only once it stands (image, addresses, roles) is Terraform's: the parameter
# that its output `nomad_values_parameter` names, which deployments read. Every job is given both.

driver      = "docker"
datacenters = ["production"]
node_class  = "app"

# On each machine, from its image: to start, a task needs nothing from outside but its own image.
database_ca_volume = "database-ca"

# The machine's Consul agent, seen from a container: Docker's own network (daemon.json in the machine image).
consul_url = "http://172.17.0.1:8500"

sizes = {
  auth          = { count = 3, cpu = 800, memory = 512 }
  profiles      = { count = 2, cpu = 200, memory = 512 }
  polls         = { count = 3, cpu = 400, memory = 384 }
  votebooth     = { count = 4, cpu = 1500, memory = 512 }
  follows       = { count = 2, cpu = 300, memory = 256 }
  expressions   = { count = 2, cpu = 300, memory = 512 }
  comments      = { count = 2, cpu = 300, memory = 256 }
  feed          = { count = 2, cpu = 400, memory = 384 }
  notifications = { count = 2, cpu = 400, memory = 384 }
  messaging     = { count = 2, cpu = 400, memory = 512 }
  web           = { count = 2, cpu = 400, memory = 256 }
}

# A third of the 1,400 new voters a second that one process has taken (docs/benchmarks.md): a rush finds room while
# others start.
scaling = {
  votebooth = { min = 4, max = 12, each = 500, hold = 300 }
}

# What `sizes` doesn't have.
count  = 2
cpu    = 150
memory = 256

environment = {
  VOTEWAVE_ENVIRONMENT     = "production"
  VOTEWAVE_SECRETS         = "aws://votewave/production"
  VOTEWAVE_MAIL            = "ses"
  VOTEWAVE_TRUSTED_PROXIES = "1" # the gateway, which says whom the load balancer spoke with
  VOTEWAVE_DATABASE_POOL   = "10"
  # Tasks can't reach the machine's metadata service, and needn't try.
  AWS_EC2_METADATA_DISABLED = "true"
}

settings = {
  auth = {
    VOTEWAVE_AUTH_GATEWAY_KEYS = "votewave/gateway/keys"
  }
}

# The load tests ask a gateway that Consul knows, from inside: only there canaries are theirs. Where their reports go
# (load_store) is Terraform's; the image has their Python and source (load_python, load_source are for raw_exec).
load_url = ""

gateway_scheme             = "https"
gateway_trusted_proxies    = 1 # the load balancer
gateway_certificate_volume = "gateway-certificate"
gateway_memory             = 1536 # docs/gateway.md, "Connections"
# A full room may share one address: 2,000 people, each with a few requests in ten seconds.
gateway_limits = { address = 10000 }
