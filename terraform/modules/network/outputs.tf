output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Its addresses."
  value       = aws_vpc.this.cidr_block
}

output "load_balancer_subnet_ids" {
  description = "Public subnets, for the load balancer."
  value       = [for key in sort(keys(local.subnets)) : aws_subnet.this[key].id if local.subnets[key].tier == "public"]
}

output "machine_subnet_ids" {
  description = "Private subnets, for machines."
  value       = [for key in sort(keys(local.subnets)) : aws_subnet.this[key].id if local.subnets[key].tier == "app"]
}

output "data_subnet_ids" {
  description = "Subnets without a way out, for databases."
  value       = [for key in sort(keys(local.subnets)) : aws_subnet.this[key].id if local.subnets[key].tier == "data"]
}

output "s3_prefix_list_id" {
  description = "The addresses of S3, for rules of who may go where."
  value       = aws_vpc_endpoint.s3.prefix_list_id
}

output "endpoints_security_group_id" {
  description = "The group of the interfaces to AWS's services."
  value       = aws_security_group.endpoints.id
}
