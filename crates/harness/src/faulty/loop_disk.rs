//! An ext4 file system on an image. What stands in the image is what reached the device: a copy of it, mounted, is
//! the disk after a power cut (without the device's own volatile cache).

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The image is copied in so many octets; those that are zeros stay holes.
const CHUNK: usize = 256 << 10;

/// What gives loop devices out.
const LOOP_DEVICES: &str = "/dev/loop-control";

/// A mounted image, unmounted when dropped.
#[derive(Debug)]
pub struct LoopDisk {
    image: PathBuf,
    mount: PathBuf,
    mounted: bool,
}

impl LoopDisk {
    /// What is not there that mounting an image needs; none where all is, and then a mount that fails is a finding.
    pub fn missing() -> Option<String> {
        if !rustix::process::geteuid().is_root() {
            return Some("only root may mount".to_owned());
        }
        if let Some(program) = ["mkfs.ext4", "mount"].into_iter().find(|program| !is_installed(program)) {
            return Some(format!("there is no {program}"));
        }
        (!Path::new(LOOP_DEVICES).exists()).then(|| format!("no loop devices: there is no {LOOP_DEVICES}"))
    }

    /// A new file system of so many octets in the file `image`, mounted on the folder `mount`, which is made.
    pub fn make(image: &Path, mount: &Path, octets: u64) -> Result<Self> {
        File::create(image)?.set_len(octets)?;
        let mut mkfs = Command::new("mkfs.ext4");
        // All is laid out at once: no thread of the kernel's writes to the image later on.
        mkfs.args(["-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0"]).arg(image);
        run(&mut mkfs)?;
        Self::mount(image, mount)
    }

    /// Mounts an image that holds a file system; where it was not unmounted, its journal is replayed.
    pub fn mount(image: &Path, mount: &Path) -> Result<Self> {
        Self::mount_with("loop,errors=remount-ro", image, mount)
    }

    /// The same, read-only from the beginning.
    pub fn mount_read_only(image: &Path, mount: &Path) -> Result<Self> {
        Self::mount_with("loop,ro", image, mount)
    }

    fn mount_with(options: &str, image: &Path, mount: &Path) -> Result<Self> {
        fs::create_dir_all(mount)?;
        run(Command::new("mount").args(["-o", options]).arg(image).arg(mount))?;
        Ok(Self { image: image.to_owned(), mount: mount.to_owned(), mounted: true })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.mount
    }

    /// Copies the image as it stands now.
    pub fn copy_image(&self, to: &Path) -> Result<()> {
        let (from, to) = (File::open(&self.image)?, File::create(to)?);
        let length = from.metadata()?.len();
        to.set_len(length)?;
        let mut chunk = vec![0; CHUNK];
        let mut at = 0;
        while at < length {
            let read = from.read_at(&mut chunk, at)?;
            ensure!(read > 0, "the image ends early");
            if chunk[..read].iter().any(|octet| *octet != 0) {
                to.write_all_at(&chunk[..read], at)?;
            }
            at += read as u64;
        }
        Ok(())
    }

    /// The file system finds an error in itself and turns read-only under whoever works on it, as
    /// `errors=remount-ro` has it. It stays so until it is mounted anew.
    pub fn turn_read_only(&self) -> Result<()> {
        let output = Command::new("findmnt").args(["-n", "-o", "SOURCE"]).arg(&self.mount).output()?;
        let device = String::from_utf8(output.stdout)?;
        let device = device.trim().strip_prefix("/dev/").context("the loop device of the mount")?;
        let trigger = Path::new("/sys/fs/ext4").join(device).join("trigger_fs_error");
        fs::write(&trigger, "1").with_context(|| trigger.display().to_string())
    }

    /// Unmounts; everything that was written reaches the image.
    pub fn unmount(mut self) -> Result<()> {
        run(Command::new("umount").arg(&self.mount))?;
        self.mounted = false;
        Ok(())
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        if self.mounted {
            // Lazily: a test that failed may have left a process behind that still works there.
            let _ = run(Command::new("umount").arg("-l").arg(&self.mount));
        }
    }
}

fn is_installed(program: &str) -> bool {
    let tried = Command::new(program).arg("-V").stdin(Stdio::null()).output();
    !tried.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}", told.trim());
    Ok(())
}
