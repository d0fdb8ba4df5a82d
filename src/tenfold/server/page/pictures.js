// Pictures: dropped, pasted, chosen, taken with the camera, or the example; all end in `take(files)`.

const $ = (id) => document.getElementById(id);

export function acceptPictures(take) {
  for (const id of ["file", "shot"]) {
    $(id).addEventListener("change", ({ target }) => {
      if (target.files.length) take([...target.files]);
      target.value = ""; // so that the same file can be chosen again
    });
  }
  $("open").addEventListener("click", () => $("file").click());
  $("camera").addEventListener("click", () => takePicture(take));
  acceptDrops(take);
  addEventListener("paste", ({ clipboardData }) => {
    const files = [...(clipboardData?.files ?? [])];
    if (files.length) take(files);
  });
  $("example").addEventListener("click", async () => {
    const answer = await fetch($("example").querySelector("img").src).catch(() => null);
    if (answer?.ok) take([new File([await answer.blob()], "example.jpg")]);
  });
}

function acceptDrops(take) {
  const veil = $("dropping");
  let inside = 0; // entering a child leaves its parent, so both are counted
  const withFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragenter", (event) => {
    if (withFile(event)) veil.hidden = ++inside < 1;
  });
  addEventListener("dragleave", (event) => {
    if (withFile(event)) veil.hidden = --inside < 1;
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    veil.hidden = true;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) take(files);
  });
}

async function takePicture(take) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1600 } },
    });
  } catch {
    $("shot").click(); // no camera for pages here: a phone's own camera, or a file
    return;
  }
  const [dialog, view] = [$("viewer"), $("view")];
  view.srcObject = stream;
  await view.play().catch(() => {});
  dialog.returnValue = "";
  dialog.showModal();
  dialog.addEventListener(
    "close",
    () => {
      if (dialog.returnValue === "shoot") snap(view, take);
      for (const track of stream.getTracks()) track.stop();
      view.srcObject = null;
    },
    { once: true },
  );
}

function snap(view, take) {
  const canvas = document.createElement("canvas");
  canvas.width = view.videoWidth;
  canvas.height = view.videoHeight;
  canvas.getContext("2d").drawImage(view, 0, 0);
  canvas.toBlob((blob) => take([new File([blob], "camera.jpg")]), "image/jpeg", 0.92);
}

// The picture for the eye, turned as the reader turned it.
export function turned(bitmap, rotation) {
  if (!rotation) return bitmap;
  const canvas = document.createElement("canvas");
  const aside = rotation % 180 !== 0;
  canvas.width = aside ? bitmap.height : bitmap.width;
  canvas.height = aside ? bitmap.width : bitmap.height;
  const context = canvas.getContext("2d");
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((rotation * Math.PI) / 180);
  context.drawImage(bitmap, -bitmap.width / 2, -bitmap.height / 2);
  return canvas;
}
