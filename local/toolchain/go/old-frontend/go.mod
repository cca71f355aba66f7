module pergola.local/old-frontend

go 1.21

require github.com/moby/buildkit v0.10.6

replace github.com/docker/docker => github.com/docker/docker v20.10.3-0.20220414164044-61404de7df1a+incompatible
