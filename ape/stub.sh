#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The stub of a polyglot: page 1 of the file, fetched by dd and run by eval (FORMAT 3).
#
# It unpacks the native program for this system into a private cache, once, and execs it. stub.py
# drops comments, indentation and empty lines, fills in NAME, PREFIX and the ROWS, and refuses a
# result above 4096 bytes. What it must run on: every /bin/sh of the supported systems, so no
# `local`, no arrays, no `[[`, and no tools but uname dd mkdir rmdir mv rm chmod and, where
# they exist, cksum and sync. NOTES tells which shell or tool taught which line.
#
# shellcheck disable=SC2015  # "a && b || c" is meant: c also runs when b fails.
# shellcheck disable=SC3013,SC3067  # -nt and -O: in all these shells; -nt in POSIX since 2024.

# One group, so that a shell parses all of it before it runs any of it: a page cut short is a
# syntax error and never half a program. Not a function: in zsh, $0 would be the function's name.
{
say() { echo "NAME: $*" >&2; }
self=$0
case $self in /*) ;; *) self=$PWD/${self#./} ;; esac
system=$(uname -sm)
case $system in
  # NetBSD names the board, not the processor; Rosetta hides an Apple processor.
  "NetBSD evbarm") system="$system $(uname -p)" ;;
  "Darwin x86_64")
    if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then system="Darwin arm64"; fi ;;
esac
once=
cache=${PREFIX_CACHE-}
flush=fsync
problem=1

# unpack HASH SKIP COUNT CRC: makes $program from COUNT pages of this file: $dir/HASH/NAME, or
# $dir/NAME where $dir is for this one start.
# $problem: 1 no room or no right to write or to run here, 3 damaged file, 4 will not run here.
unpack() {
  folder=$dir/$1
  [ "$once" ] && folder=$dir
  program=$folder/NAME
  # Trusted when it is ours, in a folder of ours, not empty (0 bytes would "run" as a script), and
  # not written to since it was moved there. posh has no -O: it unpacks on every start.
  [ -O "$folder" ] && [ -O "$program" ] && [ -s "$program" ] && [ -x "$program" ] &&
    [ ! "$program" -nt "$folder" ] && return
  work=$dir/$1.$$
  new=$work/NAME
  (
    umask 077
    # What a killed process of our number left; in containers the number is always the same.
    rm -rf "$work"
    mkdir -p "$folder" && { [ "$once" ] || [ -O "$folder" ]; } && mkdir "$work" || exit 1
    # To a file in one call: a pipe or a shared descriptor loses bytes with some dd. On the disk
    # before it gets its name: a power cut must not leave a program with holes. Some dd cannot.
    dd if="$self" bs=4k skip="$2" count="$3" conv=$flush >"$new" ||
      { dd if="$self" bs=4k skip="$2" count="$3" >"$new" && { sync || :; }; } || exit 1
    # A busybox may lack cksum; some cksum print more words after CRC and size.
    want="$4 $(($3 * 4096))"
    sum=$(cksum <"$new") || sum=$want
    case $sum in "$want"*) ;; *) exit 3 ;; esac
    chmod 700 "$new" || exit 1
    # The self-test finds noexec mounts, a wrong libc and a processor too old.
    PREFIX_SELF=- "$new" </dev/null >/dev/null || { [ $? = 126 ] && exit 1; exit 4; }
    mv -f "$new" "$program" && rmdir "$work"
  )
  problem=$?
  [ $problem = 0 ] || rm -rf "$work"
  return $problem
}

case $system in
#ROWS
"Linux x86_64") native() { unpack 0123456789abcdef0123 2 1 4294967295; } ;;
#END
*)
  say "no program for $system in this file"
  exit 126 ;;
esac

# ours FOLDER: it is, or where it is missing, the first that exists above it.
ours() {
  [ "$1" ] || return
  until [ -e "$1" ] || [ "$1" = "${1%/*}" ]; do set -- "${1%/*}"; done
  [ -O "${1:-/}" ]
}

# place: unpacks to the first place that works. Nothing is created in, or run from, a cache under a
# folder of somebody else: sudo keeps HOME.
place() {
  dir=$cache
  ours "$dir" && native && return
  dir=${XDG_CACHE_HOME-}
  [ "$dir" ] || { [ -O "${HOME-}" ] && dir=$HOME/.cache; }
  if ours "$dir"; then
    dir=$dir/NAME
    native && return
  fi
  # No cache: a folder for this one start, which the program itself removes.
  for dir in "${TMPDIR:-/tmp}" /var/tmp /dev/shm "${self%/*}"; do
    dir=$dir/.NAME.$$
    mkdir -m 700 "$dir" || continue
    once=$dir flush=notrunc
    native && return
    rm -rf "$dir"
  done
  return 1
}

place 2>/dev/null || {
  case $problem in
    3) say "$self is damaged or incomplete; copy it again" ;;
    4) say "the program for $system does not run on this machine" ;;
    *) say "found no folder to unpack to and run from; set PREFIX_CACHE to one" ;;
  esac
  exit 126
}
[ "${cache:-$dir}" = "$dir" ] ||
  say "PREFIX_CACHE=$cache is no folder to unpack to and run from; used $dir"
PREFIX_SELF=$self
PREFIX_ARGV0=$0
PREFIX_TMP=$once
export PREFIX_SELF PREFIX_ARGV0 PREFIX_TMP
exec "$program" "$@"
exit 126
}
