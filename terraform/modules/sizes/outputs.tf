output "size" {
  description = "How large the environment is; what each value means is said where it is used."
  value       = local.sizes[var.environment]
}
