output "url" {
  description = "Where users reach VoteWave, as in the first region."
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

output "user_data" {
  description = "What machines of each role are told at birth."
  value       = module.platform.user_data
}
