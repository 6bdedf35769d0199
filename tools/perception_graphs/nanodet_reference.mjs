// Runs the published NanoDet graph model with TensorFlow.js itself, to have true reference outputs.
// Usage: node nanodet_reference.mjs MODEL.json IMAGE.bin OUTPUT.bin
// IMAGE and OUTPUT are float32; OUTPUT holds Identity .. Identity_5 one after the other.
// Needs @tensorflow/tfjs-core, -converter and -backend-cpu in the working folder's node_modules.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(join(process.cwd(), "anywhere.js"));
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const { loadGraphModel } = require("@tensorflow/tfjs-converter");

const [modelPath, imagePath, outputPath] = process.argv.slice(2);
const bytes = (path) => {
  const file = readFileSync(path);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
};
const model = JSON.parse(readFileSync(modelPath, "utf8"));
const [group] = model.weightsManifest;
const graph = await loadGraphModel({
  load: async () => ({
    modelTopology: model.modelTopology,
    weightSpecs: group.weights,
    weightData: bytes(join(dirname(modelPath), group.paths[0])),
    signature: model.signature,
  }),
});
await tf.setBackend("cpu");
const input = tf.tensor(new Float32Array(bytes(imagePath)), [1, 3, 416, 416]);
const names = ["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5"];
const outputs = graph.execute(input, names.map((name) => `${name}:0`));
const parts = outputs.map((tensor) => Buffer.from(tensor.dataSync().buffer));
writeFileSync(outputPath, Buffer.concat(parts));
