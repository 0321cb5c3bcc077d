# SPDX-License-Identifier: GPL-2.0
# Plots of bench.csv, as SVG and PNG: cost against size, against entries, against
# mappings in flight, and the distribution's tail.  Run where bench.csv stands.
set datafile separator ","
set grid
set logscale xy
set key outside right
set ylabel "instructions, map + unmap"

pick(mode, machine, config) = sprintf("< awk -F, '$1==\"%s\" && $2==\"%s\" && $3==\"%s\" && $4==\"pair\"' bench.csv", machine, config, mode)
flight(mode) = sprintf("< awk -F, '$1==\"vtd\" && $2==\"production\" && $4==\"pair\" && index($3, \"%s/inflight\")==1 {sub(/.*inflight/, \"\", $3); print}' OFS=, bench.csv", mode)
modes = "direct strict lazy bypass refused"

do for [format in "svg png"] {
	if (format eq "svg") { set terminal svg size 800,500 } else { set terminal pngcairo size 800,500 }
	set output "bench-size.".format
	set xlabel "bytes"
	plot for [m in modes] pick(m, "vtd", "production") using 5:9 with linespoints title m
	set output "bench-entries.".format
	set xlabel "entries of the scatterlist (scattered pages)"
	plot for [m in modes] pick(m."/scattered", "vtd", "production") using 6:9 with linespoints title m
	set output "bench-inflight.".format
	set xlabel "mappings in flight"
	plot for [m in modes] flight(m) using 3:9 with linespoints title m
	set output "bench-tail.".format
	set xlabel "quantile"
	unset logscale x
	set xtics ("p50" 0, "p99" 1, "p99.9" 2, "max" 3)
	plot for [m in modes] "< awk -F, '$1==\"vtd\" && $2==\"production\" && $3==\"".m."\" && $4==\"pair\" && $5==4096 {for (i = 9; i <= 12; i++) print i - 9 \",\" $i}' bench.csv" using 1:2 with linespoints title m
	set xtics autofreq
	set logscale x
}
