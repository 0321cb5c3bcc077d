# SPDX-License-Identifier: GPL-2.0
# Plots of bench.csv, as SVG: cost against size and against entries of a list, for each
# machine.  Run where bench.csv is.
set datafile separator ","
set terminal svg size 800,500
set grid
set logscale xy
set key outside right
set ylabel "instructions, map + unmap"

modes(machine) = machine eq "vtd" ? "direct strict lazy bypass denied" : "dvma atu bypass denied"
pick(mode, machine) = sprintf("< awk -F, '$1==\"%s\" && $2==\"%s\"' bench.csv", machine, mode)

do for [machine in "vtd sun4v"] {
	set title machine
	set output sprintf("bench-%s-size.svg", machine)
	set xlabel "bytes"
	plot for [m in modes(machine)] pick(m, machine) using 3:7 with linespoints title m
	set output sprintf("bench-%s-entries.svg", machine)
	set xlabel "entries of the scatterlist (scattered pages)"
	plot for [m in modes(machine)] pick(m."/list", machine) using 4:7 with linespoints title m
}

unset logscale
set xlabel ""
set ylabel "instructions of the kernel"
set yrange [0:*]
set style fill solid 0.5
set style histogram rowstacked
set style data histograms
set boxwidth 0.6
do for [machine in "nvme e1000e"] {
	set title machine eq "nvme" ? "a read of 4 KiB" : "a packet of 1 KiB"
	set output sprintf("bench-%s.svg", machine)
	io = sprintf("< awk -F, '$1==\"%s\" && $2 !~ \"/\"' bench.csv", machine)
	plot io using 5:xtic(2) title "submission", io using 6 title "completion"
}
