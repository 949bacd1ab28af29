module simul/runners/go

go 1.19
