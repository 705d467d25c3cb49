variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "environment" {
  description = "staging or production."
  type        = string
}

variable "region" {
  description = "The region the machines are in."
  type        = string
}

variable "account" {
  description = "The AWS account's number."
  type        = string
}

variable "datacenter" {
  description = "Name of the datacenter in Consul and Nomad."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in three zones."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups by role."
  type        = map(string)
}

variable "target_group_arns" {
  description = "Target groups that machines of a role join: the gateway's for edge, those of consoles and keys for servers."
  type        = map(list(string))
}

variable "pools" {
  description = "By role: instance type, least, wished-for and greatest number of machines, disk in GiB. Servers are 3 or 5."
  type = map(object({
    type    = string
    least   = number
    wished  = number
    most    = number
    storage = number
  }))

  validation {
    condition     = toset(keys(var.pools)) == toset(["server", "edge", "app"])
    error_message = "There are pools for server, edge and app."
  }

  validation {
    condition     = contains([3, 5], var.pools.server.wished) && var.pools.server.least == var.pools.server.wished
    error_message = "Servers are 3 or 5, always as many: Consul and Nomad need a majority."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.least <= pool.wished && pool.wished <= pool.most && pool.storage >= 20])
    error_message = "least ≤ wished ≤ most, and disks of 20 GiB at least."
  }

  # These encrypt what they send each other by themselves (AWS Nitro, same VPC); gateway to services relies on it.
  validation {
    condition     = alltrue([for pool in values(var.pools) : can(regex("^(c6i|c6in|c7i|c7g|c8g|m6i|m6in|m7i|m7g|m8g|r6i|r7i|r7g|r8g)\\.", pool.type))])
    error_message = "Machines are of families that encrypt traffic between each other: c6i, c7i, c7g, c8g, m6i, m7i, m7g, m8g, r6i, r7i, r7g, r8g."
  }
}

variable "machine_image_parameters" {
  description = "By role, the parameter that holds the newest machine image; a refresh takes what it holds then."
  type        = map(string)
}

variable "boundary_arn" {
  description = "The policy that bounds what roles may; terraform/bootstrap makes it."
  type        = string
}

variable "role_names" {
  description = "Names of the machines' roles."
  type        = map(string)
}

variable "secret_arns" {
  description = "By role, the secrets that machines may read."
  type        = map(list(string))
}

variable "secret_prefix" {
  description = "What secrets' names begin with."
  type        = string
}

variable "key_arn" {
  description = "The key of disks, secrets and images."
  type        = string
}

variable "repository_arn" {
  description = "The image's repository."
  type        = string
}

variable "log_group_names" {
  description = "By role, the log group of the machines; and `tasks`."
  type        = map(string)
}

variable "join_tag" {
  description = "The tag by which agents find the servers."
  type        = object({ key = string, value = string })
}

variable "role_tag" {
  description = "Key of the tag that tells a machine's role."
  type        = string
}

variable "github_repository" {
  description = "The repository, OWNER@ID/NAME@ID, whose deployment jobs may log in to Nomad."
  type        = string
}

variable "drain_hook" {
  description = "Name of the lifecycle hook that waits until a node is drained."
  type        = string
}

variable "drain_seconds" {
  description = "How long a machine may take to drain: migrations of allocations, streams that end, ballots that are written."
  type        = number
  default     = 900

  validation {
    condition     = var.drain_seconds >= 300 && var.drain_seconds <= 7200
    error_message = "Draining may take 300 to 7200 seconds."
  }
}

variable "launch_hook" {
  description = "Name of the lifecycle hook that waits until a machine has come up."
  type        = string
}

variable "launch_seconds" {
  description = "After how many seconds without a word a new machine is given up; one that comes up speaks each minute."
  type        = number
  default     = 600

  validation {
    condition     = var.launch_seconds >= 300 && var.launch_seconds <= 7200
    error_message = "A machine may be silent for 300 to 7200 seconds."
  }
}

variable "oidc_issuer" {
  description = "What Nomad names itself as in identities of tasks."
  type        = string
}

variable "paths" {
  description = "Paths on the machines, from the naming module."
  type        = map(string)
}
