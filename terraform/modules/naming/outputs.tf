output "project" {
  description = "The project's name."
  value       = local.names.project
}

output "prefix" {
  description = "What names begin with, such as votewave-staging."
  value       = local.prefix
}

output "apart_prefix" {
  description = "What names begin with that are the account's in all regions; the prefix, save in the second region."
  value       = local.apart
}

output "services" {
  description = "The services; for each, the secrets it owns and whether it sends mail."
  value       = local.names.services
}

output "ports" {
  description = "Ports by purpose."
  value       = local.names.ports
}

output "datacenter" {
  description = "Name of the datacenter in Consul and Nomad."
  value       = replace(local.names.datacenter, "{environment}", var.environment)
}

output "node_roles" {
  description = "Roles of machines: server, edge, app."
  value       = local.names.node_roles
}

output "join_tag" {
  description = "The tag by which agents find the servers."
  value = {
    key   = local.names.join_tag.key
    value = replace(local.names.join_tag.value, "{environment}", var.environment)
  }
}

output "tag_names" {
  description = "Keys of the tags that every resource carries."
  value       = local.names.tags
}

output "secret_prefix" {
  description = "What secrets' names begin with, such as votewave/staging."
  value       = replace(local.names.secret_prefix, "{environment}", var.environment)
}

output "service_secrets" {
  description = "Secrets of single services: the name after the prefix, whose it is, and what it holds."
  value       = local.service_secrets
}

output "shared_secrets" {
  description = "Secrets that several read: the name after the prefix, who reads it, its form."
  value       = local.names.shared_secrets
}

output "tasks" {
  description = "Jobs with a role of their own: job, group and task, as the identity's subject has them."
  value       = local.tasks
}

output "task_role_names" {
  description = "Name of each task's role."
  value = {
    for name in keys(local.tasks) :
    name => replace(replace(replace(local.names.roles.task, "{environment}", var.environment), local.prefix, local.apart), "{service}", name)
  }
}

output "task_role_pattern" {
  description = "The same with %s for the task, for jobspecs."
  value       = replace(replace(replace(local.names.roles.task, "{environment}", var.environment), local.prefix, local.apart), "{service}", "%s")
}

output "node_role_names" {
  description = "Name of each kind of machine's role."
  value = {
    for role in local.names.node_roles :
    role => replace(replace(replace(local.names.roles.node, "{environment}", var.environment), local.prefix, local.apart), "{role}", role)
  }
}

output "github_role_names" {
  description = "Name of the role of each workflow."
  value = {
    for name in local.names.github_roles :
    name => replace(replace(local.names.roles.github, "{environment}", var.environment), "{name}", name)
  }
}

output "boundary" {
  description = "Name of the policy that bounds what roles may, whatever else they are given; terraform/bootstrap makes it."
  value       = replace(local.names.boundary, "{environment}", var.environment)
}

output "buckets" {
  description = "Name of each bucket."
  value = {
    for kind, name in local.names.buckets :
    kind => replace(replace(replace(name, "{environment}", var.environment), local.prefix, local.apart), "{account}", var.account)
  }
}

output "repository" {
  description = "Name of the image's repository."
  value       = local.names.repository
}

output "mirror_prefix" {
  description = "What the tags of others' images begin with; their digest follows."
  value       = local.names.mirror_prefix
}

output "machine_image_parameters" {
  description = "Name of the parameter that holds the image that each role's new machines start from."
  value = {
    for role in local.names.node_roles :
    role => replace(replace(local.names.parameters.machine_image, "{environment}", var.environment), "{role}", role)
  }
}

output "machine_image_candidate_parameters" {
  description = "Likewise of the image that was built last, which nothing starts from yet."
  value = {
    for role in local.names.node_roles :
    role => replace(replace(local.names.parameters.machine_image_candidate, "{environment}", var.environment), "{role}", role)
  }
}

output "machine_images_proven_parameter" {
  description = "Name of the parameter that says which images all machines have last run on, and well."
  value       = replace(local.names.parameters.machine_images_proven, "{environment}", var.environment)
}

output "nomad_values_parameter" {
  description = "Name of the parameter with the values that jobs get from here."
  value       = replace(local.names.parameters.nomad_values, "{environment}", var.environment)
}

output "log_groups" {
  description = "Name of the log group of each kind of machine, and of the tasks."
  value = merge(
    {
      for role in local.names.node_roles :
      role => replace(replace(local.names.log_groups.node, "{environment}", var.environment), "{role}", role)
    },
    { tasks = replace(local.names.log_groups.task, "{environment}", var.environment) },
  )
}

output "database" {
  description = "Name of the database, and of the server; of the secret with its master's password, where that is ours."
  value = {
    name          = local.names.database.name
    server        = replace(replace(local.names.database.cluster, "{environment}", var.environment), local.prefix, local.apart)
    master_secret = local.names.database.master_secret
  }
}

output "redis" {
  description = "Name of the replication group, and of the user that services are."
  value = {
    group = replace(local.names.redis.group, "{environment}", var.environment)
    user  = local.names.redis.user
  }
}

output "paths" {
  description = "Paths on the machines."
  value       = local.names.paths
}

output "identity" {
  description = "What a task's identity carries, and who issues it."
  value = {
    name     = local.names.identity.name
    audience = local.names.identity.audience
    issuer   = replace(var.second ? local.names.second.issuer : local.names.identity.issuer, "{domain}", var.domain)
    subjects = {
      for name, it in local.tasks : name => replace(replace(replace(
        local.names.identity.subject, "{job}", it.job), "{group}", it.group), "{task}", it.task
      )
    }
  }
}

output "drain_hook" {
  description = "Name of the lifecycle hook that waits until a node is drained."
  value       = local.names.drain_hook
}

output "launch_hook" {
  description = "Name of the lifecycle hook that waits until a machine has come up."
  value       = local.names.launch_hook
}

output "key_aliases" {
  description = "Aliases of the environment's keys, which terraform/bootstrap makes."
  value       = { for purpose in local.names.keys : purpose => "alias/${local.prefix}-${purpose}" }
}

output "secret_names" {
  description = "Every secret by its name after the prefix, without the master's, which RDS may keep."
  value       = concat(keys(local.service_secrets), keys(local.names.shared_secrets))
}

output "secret_readers" {
  description = "By reader (a service, another task, or a kind of machine): the secrets it may read, without the master's."
  value = merge(
    {
      for service in keys(local.names.services) : service => concat(
        [for name, it in local.service_secrets : name if it.service == service],
        [for name, it in local.names.shared_secrets : name if contains(it.readers, "service")],
      )
    },
    {
      for role in local.names.node_roles : role => [
        for name, it in local.names.shared_secrets : name if contains(it.readers, role)
      ]
    },
    { for task, names in local.task_secrets : task => names if length(names) > 0 },
  )
}
