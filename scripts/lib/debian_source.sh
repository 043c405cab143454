# shellcheck shell=bash
# Fetches a Debian source package without touching the machine's own apt configuration. Sourced by setup.sh.

# debian_archive FOLDER: "URI<TAB>keyring" of the first Debian main archive in the apt sources below a folder, which
# may be in deb822 or in one-line form.
debian_archive() {
  local etc=$1
  {
    find "$etc/sources.list.d" -name '*.sources' 2>/dev/null | sort | while IFS= read -r file; do
      awk -v RS= -v FS='\n' '
        {
          uri = ""; key = ""; suites = ""; components = ""; enabled = "yes"; field = ""
          for (i = 1; i <= NF; ++i) {
            line = $i
            if (line ~ /^#/) continue
            if (line ~ /^[^ \t]/) {
              field = tolower(line); sub(/:.*/, "", field)
              sub(/^[^:]*:[ \t]*/, "", line)
            }
            if (field == "uris") uri = uri " " line
            if (field == "suites") suites = suites " " line
            if (field == "components") components = components " " line
            if (field == "enabled") enabled = line
            if (field == "signed-by" && key == "" && line ~ /^\//) key = line
          }
          split(uri, uris, " ")
          if (enabled !~ /^no/ && (components " ") ~ / main / && suites !~ /security/) print uris[1] "\t" key
        }' "$file"
    done
    find "$etc" \( -path "$etc/sources.list" -o -path "$etc/sources.list.d/*.list" \) -exec cat {} + 2>/dev/null | awk '
      $1 == "deb" || $1 == "deb-src" {
        key = ""; line = $0
        if (match(line, /\[[^]]*\]/)) {
          options = substr(line, RSTART + 1, RLENGTH - 2)
          line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
          if (match(options, /signed-by=[^ ]*/)) key = substr(options, RSTART + 10, RLENGTH - 10)
        }
        n = split(line, word, " ")
        main = 0
        for (i = 4; i <= n; ++i) if (word[i] == "main") main = 1
        if (main && word[3] !~ /security/) print word[2] "\t" key
      }'
  } | awk -F '\t' '$1 ~ /\/debian\/?$/ && !found++'
}

# debian_source PACKAGE DIRECTORY: leaves the package's .dsc and archives in DIRECTORY.
debian_source() {
  local package=$1 directory=$2 archive uri keyring options
  archive=$(debian_archive /etc/apt || true)
  if [ -z "$archive" ]; then
    fail "no Debian archive found in the apt sources of this machine; give ITK_DIR (a build of ITK 5.4) or" \
      "ITK_SOURCE_DIR (a source tree of ITK 5.4) instead"
  fi
  uri=${archive%%$'\t'*}
  keyring=${archive#*$'\t'}
  [ -n "$keyring" ] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p "$directory/apt/lists/partial" "$directory/apt/cache/archives/partial" "$directory/apt/preferences.d"
  printf 'deb-src [signed-by=%s] %s sid main\n' "$keyring" "$uri" >"$directory/apt/sources.list"
  options=(
    -o "Dir::Etc::sourcelist=$directory/apt/sources.list"
    -o "Dir::Etc::sourceparts=-"
    -o "Dir::Etc::preferencesparts=$directory/apt/preferences.d"
    -o "Dir::State::lists=$directory/apt/lists"
    -o "Dir::Cache=$directory/apt/cache"
    -o "APT::Sandbox::User="
    -o "Acquire::Languages=none"
  )
  apt-get -q "${options[@]}" update
  (cd "$directory" && apt-get -q "${options[@]}" source --download-only "$package")
  rm -rf "$directory/apt"
}
