module pergola.dev/node-init

go 1.26
