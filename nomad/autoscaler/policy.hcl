# What the autoscaler may do: see policies and counts, and set counts. Bound to its job's identity, so there is no token.
namespace "default" {
  capabilities = ["list-scaling-policies", "read-scaling-policy", "read-job-scaling", "scale-job"]
}
