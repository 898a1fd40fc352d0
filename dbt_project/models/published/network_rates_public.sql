{{ network_rates(public=true) }}
