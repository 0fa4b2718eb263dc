export LC_ALL=C
work=$(mktemp -d)

# pick x509|crl SHA256 FILE NAME: find the certificate or list of that SHA-256 in FILE, keep it as NAME
pick() {
  local n blocks
  blocks=$(grep -c -e '-----BEGIN ' "$3")
  for ((n = 0; n <= blocks; n++)); do
    if ((n)); then awk -v n="$n" '/-----BEGIN /{i++} i==n' "$3"; else cat "$3"; fi > "$work/part"
    openssl "$1" -in "$work/part" -out "$work/$4" 2> /dev/null || continue
    [[ $(openssl "$1" -in "$work/$4" -outform DER | sha256sum) != "$2"* ]] || break
  done
  echo "$4 $(openssl "$1" -in "$work/$4" -outform DER | sha256sum | cut -c 1-64)"
}

# valid x509|crl NAME: its first and last instant, and how $at lies to them
valid() {
  local first=-startdate last=-enddate state=valid
  [[ $1 == x509 ]] || first=-lastupdate last=-nextupdate
  first=$(openssl "$1" -in "$work/$2" -noout "$first" -dateopt iso_8601)
  last=$(openssl "$1" -in "$work/$2" -noout "$last" -dateopt iso_8601)
  [[ ! $at < ${first#*=} ]] || state='not yet valid'
  [[ $at < ${last#*=} ]] || state=expired
  echo "${first#*=} to ${last#*=}: $state"
}

# signed_by x509|crl NAME ISSUER DIGEST: did the key of ISSUER make the signature of NAME?
# Both consist of three parts: what is signed, the algorithm, the signature.
signed_by() {
  local parts
  openssl "$1" -in "$work/$2" -outform DER -out "$work/der"
  mapfile -t parts < <(openssl asn1parse -inform DER -in "$work/der" | awk -F: '/:d=1 /{print $1 + 0}')
  openssl asn1parse -inform DER -in "$work/der" -strparse "${parts[0]}" -noout -out "$work/signed"
  openssl asn1parse -inform DER -in "$work/der" -strparse "${parts[2]}" -noout -out "$work/signature"
  openssl x509 -in "$work/$3" -noout -pubkey > "$work/key"
  openssl dgst "-$4" -verify "$work/key" -signature "$work/signature" "$work/signed" 2> /dev/null
}
