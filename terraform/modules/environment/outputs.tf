output "url" {
  description = "Where users reach VoteWave."
  value       = module.platform.url
}

output "nomad_values" {
  description = "Values of the Nomad jobs that are known only here; also in the parameter that `nomad_values_parameter` names."
  value       = module.platform.nomad_values
}

output "nomad_values_parameter" {
  description = "The parameter with these values."
  value       = module.platform.nomad_values_parameter
}

output "github_role_arns" {
  description = "Roles of the workflows, for the variables of GitHub's environment."
  value       = module.identity.github_role_arns
}

output "machine_image_parameters" {
  description = "Where a build of machine images writes what it made."
  value       = module.naming.machine_image_parameters
}

output "machine_build" {
  description = "Variables of the machine images' build: `packer build` in packer/."
  value = {
    region  = var.region
    subnet  = module.network.machine_subnet_ids[0]
    profile = module.identity.machine_build_profile
    key     = local.keys["data"]
  }
}

output "network" {
  description = "Where things are."
  value = {
    vpc_id             = module.network.vpc_id
    cidr               = module.network.cidr
    machine_subnet_ids = module.network.machine_subnet_ids
  }
}

output "user_data" {
  description = "What machines of each role are told at birth."
  value       = module.platform.user_data
}

output "second_region" {
  description = "What waits in the second region; null without one."
  value = local.has_second ? {
    database = module.dr[0].database_identifier
    buckets  = module.dr[0].bucket_names
    vpc_id   = module.dr[0].vpc_id
  } : null
}
