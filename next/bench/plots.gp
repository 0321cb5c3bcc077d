# SPDX-License-Identifier: GPL-2.0
# Plots of bench.csv, as SVG and PNG, of a machine of each kind: cost against size, against
# entries, against mappings in flight, and the distribution's tail.  Run where
# bench.csv stands.
set datafile separator ","
set grid
set logscale xy
set key outside right
set ylabel "instructions, map + unmap"

modes(machine) = machine eq "vtd" ? "direct strict lazy bypass refused" : \
	machine eq "sun4v" ? "dvma atu bypass refused" : "direct tce window refused"
rows(machine) = sprintf("$1==\"%s\" && $2==\"production\" && $4==\"pair\"", machine)
pick(mode, machine) = sprintf("< awk -F, '%s && $3==\"%s\"' bench.csv", rows(machine), mode)
flight(mode, machine, size) = sprintf("< awk -F, '%s && $5==%d && index($3, \"%s/inflight\")==1 {sub(/.*inflight/, \"\", $3); print}' OFS=, bench.csv", rows(machine), size, mode)
tail(mode, machine) = sprintf("< awk -F, '%s && $3==\"%s\" && $5==4096 {for (i = 9; i <= 12; i++) print i - 9 \",\" $i}' bench.csv", rows(machine), mode)
file(what, machine) = sprintf("bench-%s-%s.%s", machine, what, format)

do for [format in "svg png"] {
	if (format eq "svg") { set terminal svg size 800,500 } else { set terminal pngcairo size 800,500 }
	do for [machine in "vtd pseries powernv9 powernv8 sun4v"] {
		set title machine
		set output file("size", machine)
		set xlabel "bytes"
		plot for [m in modes(machine)] pick(m, machine) using 5:9 with linespoints title m
		set output file("tail", machine)
		set xlabel "quantile"
		unset logscale x
		set xtics ("p50" 0, "p99" 1, "p99.9" 2, "max" 3)
		plot for [m in modes(machine)] tail(m, machine) using 1:2 with linespoints title m
		set xtics autofreq
		set logscale x
	}
	# Those on which lists, and what is in flight, are measured.
	do for [machine in "vtd pseries sun4v"] {
		set title machine
		set output file("entries", machine)
		set xlabel "entries of the scatterlist (scattered pages)"
		plot for [m in modes(machine)] pick(m."/scattered", machine) using 6:9 with linespoints title m
		set output file("inflight", machine)
		set xlabel "mappings in flight"
		plot for [m in modes(machine)] flight(m, machine, 4096) using 3:9 with linespoints title m, \
			for [m in modes(machine)] flight(m, machine, 262144) using 3:9 with linespoints title m.", 256 KiB"
	}
}
