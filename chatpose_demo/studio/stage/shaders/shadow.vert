#version 330
uniform mat4 T_shadow_world;
in vec3 place;
void main() { gl_Position = T_shadow_world * vec4(place, 1.0); }
