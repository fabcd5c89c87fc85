export PATH="/opt/mesosphere/bin:$PATH"
