"""From a run's student to an artefact that others can use.

weights      the student with its adapter merged
folder       the artefact's directory, whole or not there
figures      the run's own figures of the student
licence      the licence of the base, if the base states one
card         README.md, the model card
modelfile    the file that Ollama reads
gguf         llama.cpp's converter
hub          the upload
server       `transformers serve` and `vllm serve`
"""
