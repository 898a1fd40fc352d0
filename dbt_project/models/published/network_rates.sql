{{ network_rates(public=false) }}
