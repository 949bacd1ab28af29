//! Does a runner read and write files where it is told to?

use crate::port::{Check, ONE_TASK, Site};
use simul_workloads::{Buffer, File as _, Needs, Runtime};
use std::io::ErrorKind;

const FILES: &[Needs] = &[Needs { files: true, ..ONE_TASK[0] }];

pub(crate) fn all<R: Runtime>() -> Vec<(&'static str, &'static [Needs], Check<R>)> {
    vec![
        ("files are read at offsets", FILES, |rt, site| Box::pin(read_at(rt, site))),
        ("files are written at offsets", FILES, |rt, site| Box::pin(write_at(rt, site))),
        ("a missing file is an error", FILES, |rt, site| Box::pin(missing(rt, site))),
    ]
}

async fn read_at<R: Runtime>(runtime: R, site: Site) {
    let path = site.folder.join("numbers");
    let content: Vec<u8> = (0..=255).collect();
    std::fs::write(&path, &content).unwrap();
    let mut file = runtime.open(&path).await.unwrap();
    // Not in order: a file with a position of its own would stumble.
    for offset in [100, 0, 200, 50] {
        let (bytes, buffer) = file.read_at(Buffer::filled(0, 16), offset as u64).await.unwrap();
        assert_eq!(bytes, 16);
        assert_eq!(buffer.window(), &content[offset..offset + 16], "offset {offset}");
    }
    let mut buffer = Buffer::filled(9, 8);
    buffer.advance(4).unwrap();
    let (bytes, buffer) = file.read_at(buffer, 0).await.unwrap();
    assert_eq!((bytes, buffer.whole()), (4, &[9, 9, 9, 9, 0, 1, 2, 3][..]), "only the window");
    let (bytes, buffer) = file.read_at(Buffer::filled(0, 16), 250).await.unwrap();
    assert_eq!((bytes, &buffer.window()[..6]), (6, &content[250..]), "short at the end");
    assert_eq!(file.read_at(buffer, 256).await.unwrap().0, 0, "the end");
}

async fn write_at<R: Runtime>(runtime: R, site: Site) {
    let path = site.folder.join("written");
    std::fs::write(&path, "what was there before, and is longer").unwrap();
    let mut file = runtime.create(&path).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"", "new and empty");
    let buffer = file.write_all_at(Buffer::filled(2, 5), 3).await.unwrap();
    assert_eq!(buffer.window(), [2; 5], "rewound");
    let mut buffer = Buffer::from(vec![9, 9, 1, 1, 1]);
    buffer.advance(2).unwrap();
    let (bytes, buffer) = file.write_at(buffer, 0).await.unwrap();
    assert_eq!((bytes, buffer.whole()), (3, &[9, 9, 1, 1, 1][..]), "only the window");
    file.sync().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), [1, 1, 1, 2, 2, 2, 2, 2]);
    let error = runtime.create(&site.folder.join("no such folder/file")).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
}

async fn missing<R: Runtime>(runtime: R, site: Site) {
    let error = runtime.open(&site.folder.join("no such file")).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
}
