output "url" {
  description = "Where users reach VoteWave."
  value       = module.takeover.url
}

output "nomad_values" {
  description = "Values of the Nomad jobs: `terraform output -json nomad_values`."
  value       = module.takeover.nomad_values
}

output "nomad_values_parameter" {
  description = "The parameter in which deployments find them."
  value       = module.takeover.nomad_values_parameter
}

output "user_data" {
  description = "What machines of each role are told at birth."
  value       = module.takeover.user_data
}
