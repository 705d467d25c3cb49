output "url" {
  description = "Where users reach VoteWave."
  value       = module.environment.url
}

output "nomad_values" {
  description = "Values of the Nomad jobs: `terraform output -json nomad_values`."
  value       = module.environment.nomad_values
}

output "nomad_values_parameter" {
  description = "The parameter in which deployments find them."
  value       = module.environment.nomad_values_parameter
}

output "github_role_arns" {
  description = "Roles of the workflows, for the variables of GitHub's environment."
  value       = module.environment.github_role_arns
}

output "machine_image_parameters" {
  description = "Where a build of machine images writes what it made."
  value       = module.environment.machine_image_parameters
}

output "machine_build" {
  description = "Variables of the machine images' build: `packer build` in packer/."
  value       = module.environment.machine_build
}

output "network" {
  description = "Where machines are."
  value       = module.environment.network
}

output "user_data" {
  description = "What machines of each role are told at birth."
  value       = module.environment.user_data
}

output "second_region" {
  description = "What waits in the second region; null without one."
  value       = module.environment.second_region
}
