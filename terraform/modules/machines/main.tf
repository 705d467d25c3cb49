# An Auto Scaling group. A new machine comes before an old one goes, it counts once it has come up, and it leaves the
# cluster before it ends.

resource "aws_autoscaling_group" "this" {
  name                = var.name
  min_size            = var.pool.least
  desired_capacity    = var.pool.wished
  max_size            = var.pool.most
  vpc_zone_identifier = var.subnet_ids
  target_group_arns   = var.target_group_arns
  # Not the load balancer's health check: an edge would be replaced again and again until a gateway runs on it. Nomad
  # restarts an unhealthy gateway, and the load balancer sends it nothing in the meantime.
  health_check_type         = "EC2"
  health_check_grace_period = 300
  default_instance_warmup   = 120
  capacity_rebalance        = false
  max_instance_lifetime     = 2592000 # thirty days: a machine older than that lacks patches
  # Terraform waits until the machines count, each of which has said that it has come up.
  wait_for_capacity_timeout = "40m"

  launch_template {
    id      = var.launch_template.id
    version = var.launch_template.version
  }

  # Hooks are part of the group, so that they apply to the first machines, too. A machine counts once it has said that
  # Consul, Nomad and Docker are well on it; one that falls silent, or says that they aren't, is replaced.
  initial_lifecycle_hook {
    name                 = var.hooks.launch.name
    lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
    heartbeat_timeout    = var.hooks.launch.seconds
    default_result       = "ABANDON"
  }

  # Completed when the machine reports its drain, or when its time is over.
  initial_lifecycle_hook {
    name                 = var.hooks.drain.name
    lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    heartbeat_timeout    = var.hooks.drain.seconds
    default_result       = "CONTINUE"
  }

  # Servers one at a time, the new one first; edges and apps never below the present number. It applies to refreshes and to
  # machines that have reached their maximum age. Terraform itself starts no refresh: it would start those of all groups at
  # once, and `./just pipeline machine-image refresh` takes one after the other, servers first.
  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = var.most_healthy
  }

  enabled_metrics = ["GroupInServiceInstances", "GroupDesiredCapacity", "GroupTerminatingInstances"]

  dynamic "tag" {
    for_each = { Name = var.name, (var.role_tag.key) = var.role_tag.value }

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    # Operators change the number of apps before and after a big vote; a plan must not change it back.
    ignore_changes = [desired_capacity]
  }
}
