output "nat_gateway_ids" {
  description = "The NAT gateways by their zone's letter."
  value       = { for letter, gateway in aws_nat_gateway.this : letter => gateway.id }
}

output "ways" {
  description = "By zone's letter, the NAT gateway of its machines."
  value       = { for letter, route in aws_route.nat : letter => route.nat_gateway_id }
}
