#!/bin/bash
# guest.sh OUT.raw WORK: builds a small disk that boots by BIOS, for tests that
# must see a guest run. On its serial console the guest tells its name and
# address (from the config drive) and, now and whenever one comes or goes, its
# disks with the SHA-256 of each one's first MiB.
# The disk is a FAT file system with SYSLINUX, Debian's cloud kernel and busybox.
set -euo pipefail
umask 022
out=$1 work=$2
# insmod knows no dependencies: in their order.
modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk
  failover net_failover virtio_net scsi_common scsi_mod libata ata_generic ata_piix cdrom sr_mod isofs)
root=$work/root
rm -rf "$work"
mkdir -p "$root"/{bin,modules,proc,sys,dev,config} "$work/kernel"

cd "$work/kernel"
package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\).*/\1/p' | head -1)
[ -n "$package" ] || { echo "no kernel linux-image-cloud-amd64 in the package lists: run apt-get update" >&2; exit 1; }
apt-get -q -o APT::Sandbox::User=root download "$package" >/dev/null
dpkg -x "$package"*.deb .
cp boot/vmlinuz-* "$work/vmlinuz"
for m in "${modules[@]}"; do find lib/modules -name "$m.ko" -exec cp {} "$root/modules/" \;; done
cp /bin/busybox "$root/bin/busybox"

cat >"$root/init" <<'I'
#!/bin/busybox sh
export PATH=/bin
/bin/busybox mount -t proc proc /proc # where busybox finds itself
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for m in @MODULES@; do
  [ ! -e /modules/$m.ko ] || insmod /modules/$m.ko
done 2>/dev/null
say() { echo "PSN-GUEST $*"; }

disks() {
  for d in /sys/block/vd*; do
    [ -e "$d/size" ] || continue
    n=${d##*/}
    say disk $n $(($(cat $d/size) / 2048)) MiB sha256 $(head -c 1048576 /dev/$n | sha256sum | cut -d' ' -f1)
  done
}
field() { # field NAME FILE: a string of a JSON file that has it once
  sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "/config/openstack/latest/$2" 2>/dev/null
}

say up after $(cut -d' ' -f1 /proc/uptime) s
for d in /dev/sr0 /dev/vd?; do
  mount -t iso9660 -o ro $d /config 2>/dev/null || continue
  [ ! -e /config/openstack ] || break
  umount /config
done
name=$(field hostname meta_data.json)
say name ${name:-unknown}
address=$(field ip_address network_data.json)
ip link set lo up
if [ -e /sys/class/net/eth0 ]; then
  ip link set eth0 up
  [ -z "$address" ] || ifconfig eth0 $address netmask $(field netmask network_data.json)
  say address $(cat /sys/class/net/eth0/address) ${address:-none}
fi
disks
say ready
seen=$(ls /sys/block)
while sleep 1; do
  [ "$(ls /sys/block)" != "$seen" ] || continue
  sleep 1
  seen=$(ls /sys/block)
  say change
  disks
done
I
sed -i "s/@MODULES@/${modules[*]}/" "$root/init"
chmod 755 "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -9) >"$work/initrd.gz"

cat >"$work/syslinux.cfg" <<'S'
DEFAULT guest
PROMPT 0
LABEL guest
  KERNEL vmlinuz
  INITRD initrd.gz
  APPEND console=ttyS0 quiet panic=-1
S
size=$((($(stat -c %s "$work/vmlinuz") + $(stat -c %s "$work/initrd.gz")) / 1048576 + 4))
part=$out.part
rm -f "$part"
truncate -s "${size}M" "$part"
mkfs.vfat "$part" >/dev/null
mcopy -i "$part" "$work/vmlinuz" "$work/initrd.gz" "$work/syslinux.cfg" ::
syslinux --install "$part"
mv "$part" "$out"
