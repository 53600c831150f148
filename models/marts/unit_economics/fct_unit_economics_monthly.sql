{{ unit_economics('monthly') }}
