output "database_identifier" {
  description = "The database's copy, which is promoted when the first region is lost."
  value       = aws_db_instance.this.identifier
}

output "database_address" {
  description = "Its address."
  value       = aws_db_instance.this.address
}

output "bucket_names" {
  description = "The copies of the buckets."
  value       = module.buckets.bucket_names
}

output "vpc_id" {
  description = "The second region's VPC."
  value       = module.network.vpc_id
}
